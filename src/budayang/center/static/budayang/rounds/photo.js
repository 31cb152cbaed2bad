/* A photograph made small: drawn anew, so that nothing of the file stays but what is seen (no position, no phone's name). */
const LONGEST = 1600;
const THUMB = 120;
const QUALITY = 0.8;

function drawn(bitmap, longest) {
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/* {content: ArrayBuffer of a JPEG, thumb: data: address}. Throws when it is no picture. */
export async function shrink(file) {
  const bitmap = await createImageBitmap(file);
  try {
    const canvas = drawn(bitmap, LONGEST);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (!blob) throw new Error("no picture");
    return { content: await blob.arrayBuffer(), thumb: drawn(bitmap, THUMB).toDataURL("image/jpeg", 0.6) };
  } finally {
    bitmap.close();
  }
}
