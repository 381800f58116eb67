// What a technician presses, types or chooses before the page's scripts have begun is
// held until they have. Sent as a plain form it would be lost where there is no
// network, and a chosen photo would be heard by nobody. If the scripts cannot begin,
// everything goes the plain way.
(() => {
  const held = [], kinds = ["submit", "input", "change", "click"];

  function hold(event) {
    const press = event.type === "click";
    if (press && !event.target.closest("button[type=button]") && !(held.length > 0 && event.target.closest("a[href]"))) return;
    event.stopImmediatePropagation();
    if (press || event.type === "submit") event.preventDefault();
    held.push(event);
  }

  function begun() {
    for (const kind of kinds) removeEventListener(kind, hold, true);
    for (const { type, target, submitter } of held.splice(0)) {
      if (type === "submit") target.requestSubmit(submitter);
      else if (type === "click") target.closest("a[href], button").click();
      else target.dispatchEvent(new Event(type, { bubbles: true }));
    }
  }

  for (const kind of kinds) addEventListener(kind, hold, true);
  addEventListener("begun", begun);
  addEventListener("error", ({ target }) => { if (target === self || target.type === "module") begun(); }, true);
})();
