// The map of places: outlines that are kept here, clusters that the server reckons. Below it the list does without.

import { drawWorld, fetched } from "./outlines.js";

const { L } = window;
const element = document.getElementById("map");
const said = element.dataset;
const SIZE = 44;
const SMALLEST_KM = 1;
const KM_PER_DEGREE = 111;
const CLOSE = 6; // the zoom on a place that one comes from

function label(photos) {
  return photos === 1 ? said.one : said.many.replace("{number}", photos.toLocaleString(document.documentElement.lang));
}

function picture(cluster) {
  const image = document.createElement("img");
  image.src = cluster.thumbnail_url;
  image.alt = "";
  const frame = document.createElement("div");
  frame.append(image);
  if (cluster.photos > 1) {
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.textContent = cluster.photos.toLocaleString(document.documentElement.lang, { notation: "compact" });
    frame.append(badge);
  }
  return L.divIcon({ className: "cluster", html: frame, iconSize: [SIZE, SIZE] });
}

function open(map, cluster) {
  const [west, south, east, north] = cluster.bbox;
  const wide = Math.max(north - south, east - west) * KM_PER_DEGREE > SMALLEST_KM;
  if (wide && map.getZoom() < map.getMaxZoom()) {
    const box = L.latLngBounds([south, west], [north, east]);
    const zoom = Math.max(Math.floor(map.getZoom()) + 1, map.getBoundsZoom(box.pad(0.15)));
    map.setView(box.getCenter(), Math.min(zoom, map.getMaxZoom()));
  } else {
    window.location.assign(cluster.url);
  }
}

function mark(map, cluster, turn) {
  const marker = L.marker([cluster.latitude, cluster.longitude + turn], { icon: picture(cluster), riseOnHover: true });
  marker.on("add", () => {
    marker.getElement().setAttribute("aria-label", label(cluster.photos));
    marker.getElement().addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(map, cluster);
    });
  });
  marker.on("click", () => open(map, cluster));
  return marker;
}

/** The turn of the world, in degrees, by which a cluster is nearest to what is seen. */
function turnOf(cluster, map) {
  return 360 * Math.round((map.getCenter().lng - cluster.longitude) / 360);
}

let asked = 0;

/** Of what is seen and a little beyond, or of the whole world. */
async function clustersOf(map, bounds) {
  const all = bounds.getEast() - bounds.getWest() >= 360;
  const [west, east] = all ? [-180, 180] : [bounds.getWest(), bounds.getEast()];
  const box = [west, Math.max(-90, bounds.getSouth()), east, Math.min(90, bounds.getNorth())];
  const bbox = box.map((each) => each.toFixed(5)).join(",");
  return (await fetched(`${said.clusters}?bbox=${bbox}&zoom=${Math.floor(map.getZoom())}`)).clusters;
}

async function showClusters(map, layer) {
  const mine = ++asked;
  const clusters = await clustersOf(map, map.getBounds().pad(0.1));
  if (mine !== asked) return; // the map has moved on
  const focused = layer.getLayers().some((marker) => marker.getElement() === document.activeElement);
  layer.clearLayers();
  for (const cluster of clusters) mark(map, cluster, turnOf(cluster, map)).addTo(layer);
  if (focused) element.focus({ preventScroll: true });
}

/** So that all photos are seen, as far as the map can show. */
async function showAll(map) {
  const clusters = await clustersOf(map, L.latLngBounds([-90, -180], [90, 180]));
  if (clusters.length === 0) return;
  const points = clusters.flatMap(({ bbox: [west, south, east, north] }) => [[south, west], [north, east]]);
  map.fitBounds(points, { padding: [SIZE, SIZE], maxZoom: 6, animate: false });
}

async function begin() {
  const map = L.map(element, {
    maxZoom: Number(said.mostZoom), minZoom: 0, zoomSnap: 0.5, zoomControl: false, scrollWheelZoom: false, attributionControl: false,
    maxBounds: [[-85, -540], [85, 540]], maxBoundsViscosity: 1, worldCopyJump: true,
  });
  L.control.zoom({ zoomInTitle: said.in, zoomOutTitle: said.out }).addTo(map);
  L.control.attribution({ prefix: false }).addAttribution("Natural Earth").addTo(map);
  map.on("focus", () => map.scrollWheelZoom.enable());
  map.on("blur", () => map.scrollWheelZoom.disable());
  map.setView([25, 5], element.clientWidth < 512 ? 0 : 1);
  const layer = L.layerGroup().addTo(map);
  if (said.at) map.setView(said.at.split(",").map(Number), CLOSE, { animate: false });
  else await showAll(map);
  map.on("moveend", () => showClusters(map, layer));
  await Promise.all([showClusters(map, layer), drawWorld(map, said.world)]);
  element.dataset.ready = "yes";
}

begin();
