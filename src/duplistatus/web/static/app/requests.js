// Changes are sent with the session's token, which is asked for when it is needed and asked for anew when it was refused.
const root = () => document.body.dataset.root;
let token = null;

const askToken = async () => {
  const answer = await fetch(`${root()}/api/csrf`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("no session");
  token = (await answer.json()).token;
};

// The answer to a change; `body` is sent as JSON.
export const send = async (method, path, body) => {
  for (const last of [false, true]) {
    if (!token) await askToken();
    const answer = await fetch(root() + path, {
      method,
      headers: { "X-CSRF-Token": token, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.status !== 403 || last) return answer;
    token = null;
  }
};
