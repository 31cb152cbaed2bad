/* The list of places, sorted by the distance from here. The position is used in this page and never sent anywhere. */
"use strict";
(() => {
  const button = document.getElementById("locate");
  if (!button || !("geolocation" in navigator)) return;
  button.hidden = false;
  let here = null;

  const radians = (degrees) => (degrees * Math.PI) / 180;

  function kilometres(lat, lon) {
    const north = radians(lat - here.latitude);
    const east = radians(lon - here.longitude);
    const chord = Math.sin(north / 2) ** 2 + Math.cos(radians(here.latitude)) * Math.cos(radians(lat)) * Math.sin(east / 2) ** 2;
    return 2 * 6371 * Math.asin(Math.min(1, Math.sqrt(chord)));
  }

  function sort() {
    const list = document.querySelector("#rows .places");
    if (!here || !list) return;
    const places = [...list.children].map((place) => {
      const known = place.dataset.lat !== undefined;
      const km = known ? kilometres(Number(place.dataset.lat), Number(place.dataset.lon)) : Infinity;
      const far = place.querySelector(".far");
      if (known && far) far.textContent = `≈ ${km < 10 ? km.toFixed(1) : Math.round(km)} km`;
      return { place, km, works: place.dataset.works === "1" };
    });
    places.sort((a, b) => Number(b.works) - Number(a.works) || a.km - b.km);
    list.append(...places.map((one) => one.place));
  }

  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      (found) => {
        here = found.coords;
        button.textContent = button.dataset.done;
        sort();
      },
      () => { button.textContent = button.dataset.denied; },
      { maximumAge: 300000, timeout: 10000 },
    );
  });
  // The list is fetched again every few seconds: keep the order that the person asked for.
  document.addEventListener("htmx:afterSwap", sort);
  document.addEventListener("htmx:after:swap", sort);
})();
