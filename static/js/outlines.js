// The world as outlines that are kept here: no map is asked for from elsewhere.

export async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
}

// Draw it onto a map of Leaflet, three times beside each other, so that one can go around.
export async function drawWorld(map, address) {
  const { L } = window;
  const world = await fetched(address);
  const options = { interactive: false, smoothFactor: 0.5 };
  const turns = [-360, 0, 360].map((turn) => (points) => points.map(([latitude, longitude]) => [latitude, longitude + turn]));
  for (const turned of turns) {
    const land = world.land.map((polygon) => polygon.map(turned));
    L.polygon(land, { ...options, className: "land" }).addTo(map);
  }
  for (const turned of turns) { // after all the land: a continent across the date line reaches into the next turn
    L.polyline(world.borders.map(turned), { ...options, className: "border" }).addTo(map);
  }
}
