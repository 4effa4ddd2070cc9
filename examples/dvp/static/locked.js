// SPDX-License-Identifier: AGPL-3.0-or-later
// The script of a file that was taken along with a password: it unlocks what the file holds, on the computer of the Persoon.
"use strict";
const at = (id) => document.getElementById(id);
const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
at("open").addEventListener("submit", async (event) => {
  event.preventDefault();
  at("files").replaceChildren();
  at("said").textContent = "Even geduld.";
  try {
    const box = JSON.parse(at("sealed").textContent);
    const typed = new TextEncoder().encode(at("password").value);
    const base = await crypto.subtle.importKey("raw", typed, "PBKDF2", false, ["deriveKey"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(box.salt), iterations: box.rounds };
    const key = await crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(box.nonce) }, key, bytes(box.sealed));
    const files = JSON.parse(new TextDecoder().decode(plain));
    for (const file of files) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([file.text], { type: file.kind + ";charset=utf-8" }));
      link.download = file.name;
      link.textContent = "Bewaar " + file.name;
      const line = document.createElement("li");
      line.append(link);
      at("files").append(line);
    }
    at("said").textContent = "Je dossier is open. Kies wat je wilt bewaren. Lees je het zelf? Kies dan dossier.html.";
  } catch {
    at("said").textContent = "Dit lukt niet. Kijk het wachtwoord na.";
  }
});
