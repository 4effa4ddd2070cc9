// SPDX-License-Identifier: AGPL-3.0-or-later
// Nothing needs this script. It makes waiting calmer: progress comes in without a new page, and "Ingelogd blijven" without a
// new tab.
"use strict";

const live = () => document.querySelector("[data-live]");

async function follow() {
  const part = live();
  if (!part || part.dataset.live !== "busy") return;
  try {
    const answer = await fetch(location.pathname, { credentials: "same-origin", redirect: "error" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.querySelector("[data-live]");
    if (!next) return;
    // what is spoken changes first, so that it is spoken once; what has the focus stays
    const said = document.getElementById("said");
    const sentence = page.getElementById("said");
    if (said && sentence && said.textContent !== sentence.textContent) said.textContent = sentence.textContent;
    part.replaceWith(document.importNode(next, true));
    const heading = page.querySelector("h1");
    if (heading) {
      document.querySelector("h1").textContent = heading.textContent;
      document.title = page.title;
    }
  } catch {
    // the next turn may come through
  }
  setTimeout(follow, 1000);
}

function stay(event) {
  const link = event.target.closest("a[data-stay]");
  if (!link) return;
  event.preventDefault();
  fetch(link.href, { credentials: "same-origin", redirect: "error" }).then((answer) => {
    if (!answer.ok) return location.reload();
    // the same animations once more, from the start
    document.body.classList.add("again");
    void document.body.offsetWidth;
    document.body.classList.remove("again");
  }, () => location.reload());
}

document.addEventListener("click", stay);
follow();
