"""Signs (标志标识): kinds, the drawing of an area, and what must hang where. Pure, standard library only."""
