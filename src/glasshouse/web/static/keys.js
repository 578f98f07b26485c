// Which key was meant, while Hangul is on too: there "j" comes as "ㅓ" or "Process", and only event.code tells the key.
export function keyOf(event) {
  if (event.key !== "Process" && event.key !== "Unidentified" && !/^[^\x20-\x7e]$/.test(event.key)) return event.key;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  if (letter) return event.shiftKey ? letter : letter.toLowerCase();
  return event.code === "Slash" ? (event.shiftKey ? "?" : "/") : event.code;
}

// A syllable is still being put together: Enter and Escape belong to it and not to the page. Safari says it by 229 only.
export function composing(event) {
  return event.isComposing || event.keyCode === 229;
}
