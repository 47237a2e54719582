// Passkeys: the browser's part. A button with data-passkey="sign-in" or "add" stands in a hidden box, which is shown where
// the browser can do it. The server begins and ends each ceremony; nothing is kept here.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const known = (list) => (list ?? []).map((key) => ({ ...key, id: bytes(key.id) }));

async function post(path, body) {
  const response = await fetch(path, { method: "POST", headers: { Accept: "application/json", "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) });
  const said = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(said.message ?? "That did not work. Try again."), { next: said.next });
  return said;
}

async function signIn(box) {
  const { options } = await post("/sign-in/passkey");
  const wanted = options.publicKey ?? options;
  const key = await navigator.credentials.get({
    publicKey: { ...wanted, challenge: bytes(wanted.challenge), allowCredentials: known(wanted.allowCredentials) },
  });
  const { authenticatorData, clientDataJSON, signature, userHandle } = key.response;
  return post("/sign-in/passkey/done", {
    next: box.dataset.next,
    answer: {
      id: key.id, rawId: text(key.rawId), type: key.type, authenticatorAttachment: key.authenticatorAttachment, clientExtensionResults: key.getClientExtensionResults(),
      response: { authenticatorData: text(authenticatorData), clientDataJSON: text(clientDataJSON), signature: text(signature), userHandle: userHandle ? text(userHandle) : null },
    },
  });
}

async function add(box) {
  const { options } = await post("/me/doors/passkey");
  const wanted = options.publicKey ?? options;
  const key = await navigator.credentials.create({
    publicKey: { ...wanted, challenge: bytes(wanted.challenge), user: { ...wanted.user, id: bytes(wanted.user.id) }, excludeCredentials: known(wanted.excludeCredentials) },
  });
  const { attestationObject, clientDataJSON } = key.response;
  return post("/me/doors/passkey/done", {
    name: box.querySelector("input")?.value ?? "",
    answer: {
      id: key.id, rawId: text(key.rawId), type: key.type, authenticatorAttachment: key.authenticatorAttachment, clientExtensionResults: key.getClientExtensionResults(),
      response: { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON), transports: key.response.getTransports?.() ?? [] },
    },
  });
}

if (window.PublicKeyCredential)
  for (const box of document.querySelectorAll("[data-passkey]")) {
    const button = box.querySelector("button");
    const words = box.querySelector("[role=status]");
    button.addEventListener("click", async () => {
      button.disabled = true;
      words.textContent = "Your browser asks for the passkey…";
      try {
        const { next } = await (box.dataset.passkey === "add" ? add(box) : signIn(box));
        location.assign(next);
      } catch (trouble) {
        if (trouble.next) location.assign(trouble.next);
        else words.textContent = trouble.name === "NotAllowedError" ? "No passkey was used: it was called off, or took too long." : trouble.message;
        button.disabled = false;
      }
    });
    box.hidden = false;
  }
