// Making and finding elements. Every text that comes from people or the hub gets
// into the page as text, never as markup.
export const $ = (selector, under = document) => under.querySelector(selector);
export const $$ = (selector, under = document) => [...under.querySelectorAll(selector)];

// el makes an element: el("p", {class: "soft", onclick: f}, "text", child).
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((c) => c != null && c !== false));
  return made;
}

export const show = (element, visible) => { if (element) element.hidden = !visible; };

// say puts a sentence where screen readers announce it.
export function say(text, kind = "ok") {
  const place = $("#say");
  place.className = "say " + kind;
  place.textContent = text;
}

// focusOn leads the keyboard and screen readers to what is next, when that on
// which they were is gone.
export function focusOn(element) {
  if (!element || (document.activeElement && document.activeElement !== document.body)) return;
  if (!element.matches("a, button, input, select, textarea")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

// picture draws a photo that is not sent yet; a canvas needs no address that the
// page's policy would have to allow.
export async function picture(bytes, type, label) {
  const image = await createImageBitmap(new Blob([bytes], { type }), { resizeWidth: 160 }).catch(() => undefined);
  const canvas = el("canvas", { class: "thumb", role: "img", "aria-label": label });
  if (image) {
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext("2d").drawImage(image, 0, 0);
    image.close();
  }
  return canvas;
}
