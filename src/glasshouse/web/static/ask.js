// What modules ask of the API: the answer, or an error whose message is in the language of the page.
export async function ask(method, address, body) {
  const headers = typeof body === "string" ? { "Content-Type": "application/json" } : {};
  const lost = document.getElementById("connection").dataset.lost;
  const answer = await fetch(address, { method, body, headers }).catch(() => { throw new Error(lost); });
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const errors = told.errors ?? [{ message: `${answer.status}` }];
  const error = new Error(errors.map((one) => one.told ?? one.message).join("; "));
  error.refused = [403, 404, 413, 422].includes(answer.status);
  throw error;
}
