// The map of the dispatcher's page: a mark for each row that has a place.
export async function draw(element, { module, tiles, credit, lang, choose }) {
  const { open } = await import(module);
  const view = await open(element, { tiles, attribution: credit, lang });
  const marks = new Map(); // by the key of the row
  const far = (marker, lat, lon) => { const at = marker.getLatLng(); return at.lat !== lat || at.lng !== lon; };
  const inView = (at) => view.map.getBounds().contains(at);
  return {
    // put sets a mark, and goes along with one that is followed: who looks elsewhere
    // is left there.
    put(key, lat, lon, said, followed) {
      let marker = marks.get(key);
      if (!marker) {
        marker = view.mark(lat, lon, said);
        marker.on("click", () => choose(key, "map"));
        marker.setZIndexOffset(key.startsWith("t:") ? 1000 : 0); // trucks above work
        marks.set(key, marker);
        return;
      }
      if (far(marker, lat, lon)) {
        const along = followed && inView(marker.getLatLng());
        marker.setLatLng([lat, lon]);
        if (along && !inView([lat, lon])) view.map.panTo([lat, lon], { animate: false });
      }
      view.tell(marker, said);
    },
    // keep takes away what has no row any more.
    keep(keys) {
      for (const [key, marker] of marks) {
        if (keys.has(key)) continue;
        marker.remove();
        marks.delete(key);
      }
    },
    // look brings a mark into the middle, and tells whether there is one.
    look(key) {
      const marker = marks.get(key);
      if (marker) view.map.setView(marker.getLatLng(), Math.max(view.map.getZoom(), 14));
      return Boolean(marker);
    },
    all: () => view.fit([...marks.values()].map((marker) => marker.getLatLng())),
  };
}
