// A map in a page. The library and its style sheet are fetched when the first map is
// opened, from beside this file. Nothing here needs more than the pages' policy
// (everything from the hub itself, no scripts or styles within the page) allows.

const words = {
  fr: { in: "Agrandir la carte", out: "Réduire la carte", map: "Carte" },
  en: { in: "Zoom in", out: "Zoom out", map: "Map" },
};

const beside = (name) => new URL(name, import.meta.url).href;

// fetched adds an element to the page's head and waits until it has loaded.
function fetched(tag, values) {
  return new Promise((done, failed) => {
    const element = Object.assign(document.createElement(tag), values);
    element.onload = done;
    element.onerror = () => { element.remove(); failed(new Error("the map's files cannot be had")); };
    document.head.append(element);
  });
}

let library; // fetched once; again after it could not be had

function leaflet() {
  library ??= Promise.all([
    fetched("link", { rel: "stylesheet", href: beside("leaflet.css") }),
    fetched("link", { rel: "stylesheet", href: beside("map.css") }),
    fetched("script", { src: beside("leaflet.js") }),
  ]).then(() => window.L).catch((error) => { library = undefined; throw error; });
  return library;
}

// Of a tile that is no longer wanted the library sets the address to an empty
// picture of its own, a data: address, which the policy refuses. Here it has none.
function tileLayer(L, tiles, attribution) {
  const Tiles = L.TileLayer.extend({
    _abortLoading() {
      for (const [key, { el, coords }] of Object.entries(this._tiles)) {
        if (coords.z === this._tileZoom) continue;
        el.onload = el.onerror = null;
        if (el.complete) continue;
        el.removeAttribute("src");
        el.remove();
        delete this._tiles[key];
        this.fire("tileabort", { tile: el, coords });
      }
    },
    _removeTile(key) {
      this._tiles[key]?.el.removeAttribute("src");
      return L.GridLayer.prototype._removeTile.call(this, key);
    },
    _tileReady(coords, error, tile) {
      if (this._map && (!tile || tile.hasAttribute("src"))) L.GridLayer.prototype._tileReady.call(this, coords, error, tile);
    },
  });
  return new Tiles(tiles, { attribution, maxZoom: 19, className: "targo-tiles" });
}

// credit writes whose map it is, as text; OpenStreetMap asks for a link.
function credit(text) {
  const line = document.createElement("p");
  line.className = "targo-credit";
  const [before, after] = text.split("OpenStreetMap");
  line.append(before);
  if (after !== undefined) {
    const link = Object.assign(document.createElement("a"), { href: "https://www.openstreetmap.org/copyright", target: "_blank", rel: "noopener", textContent: "OpenStreetMap" });
    line.append(link, after);
  }
  return line.outerHTML;
}

function icon(L, { text = "", kind = "" }) {
  const label = document.createElement("span");
  label.textContent = text;
  return L.divIcon({ className: `targo-mark ${kind}`, html: label, iconSize: [44, 44] });
}

function named(marker, name, hint = name) {
  const element = marker.getElement();
  if (element.title !== hint) element.title = hint;
  if (element.getAttribute("aria-label") !== name) element.setAttribute("aria-label", name);
}

// open draws a map into an element that has a height. options: tiles, the address of
// tiles with {z}, {x} and {y}, or "" for a map without streets; attribution, whose
// tiles they are; lang, fr or en; centre [lat, lon] and zoom; wheel, false to leave
// the wheel to the page. It rejects when the files cannot be had.
export async function open(element, { tiles = "", attribution = "", lang = "fr", centre = [45.5, -73], zoom = 10, wheel = true } = {}) {
  const L = await leaflet();
  const T = words[lang] ?? words.fr;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(element, {
    center: centre, zoom, maxZoom: 19, zoomControl: false, attributionControl: false, scrollWheelZoom: wheel,
    zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, inertia: !still,
  });
  L.control.zoom({ zoomInTitle: T.in, zoomOutTitle: T.out, position: "topright" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if (tiles) {
    L.control.attribution({ prefix: false }).addTo(map);
    tileLayer(L, tiles, credit(attribution)).addTo(map);
  }
  if (!element.hasAttribute("aria-label") && !element.hasAttribute("aria-labelledby")) element.setAttribute("aria-label", T.map);
  if (!element.hasAttribute("role")) element.setAttribute("role", "region");
  const size = new ResizeObserver(() => map.invalidateSize({ animate: false }));
  size.observe(element);
  return {
    L, map,
    // mark puts a place on the map that can be pressed: text is seen on it, name is
    // what it is called, hint what a mouse over it shows (else the name), kind the
    // class that gives it its look.
    mark(lat, lon, { text = "", name = "", hint, kind = "" } = {}) {
      const marker = L.marker([lat, lon], { icon: icon(L, { text, kind }), riseOnHover: true, text, kind }).addTo(map);
      marker.on("keydown", ({ originalEvent: event }) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        L.DomEvent.stop(event);
        marker.fire("click");
      });
      named(marker, name, hint);
      return marker;
    },
    // tell changes what a mark says, and keeps the focus on it.
    tell(marker, { text = "", name = "", hint, kind = "" }) {
      const { options } = marker;
      if (options.text !== text || options.kind !== kind) {
        const held = document.activeElement === marker.getElement();
        Object.assign(options, { text, kind });
        marker.setIcon(icon(L, { text, kind }));
        if (held) marker.getElement().focus({ preventScroll: true });
      }
      named(marker, name, hint);
    },
    circle: (lat, lon, metres, kind = "") => L.circle([lat, lon], { radius: metres, className: `targo-circle ${kind}`, interactive: false }).addTo(map),
    // fit shows all places [[lat, lon], …].
    fit(places) {
      if (places.length) map.fitBounds(places, { padding: [48, 48], maxZoom: 15, animate: !still });
    },
    close() { size.disconnect(); map.remove(); },
  };
}
