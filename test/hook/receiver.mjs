// Somebody who is sent webhooks and trusts nothing: the specification's own library says what is genuine.
// CAIRN_HOOK_SECRETS holds the secrets it knows, one a line. The port that it listens on is its first line; each message is another.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const known = process.env.CAIRN_HOOK_SECRETS.split("\n").map((secret) => new Webhook(secret));

function genuine(body, headers) {
  for (const [i, webhook] of known.entries()) {
    try {
      webhook.verify(body, headers);
      return i;
    } catch (error) {
      if (i === known.length - 1) return String(error.message ?? error);
    }
  }
}

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  const headers = { ...request.headers };
  const by = genuine(body, headers);
  const changed = genuine(body.replace('"edition":1', '"edition":2'), headers);
  const renamed = genuine(body, { ...headers, "webhook-id": "msg_another" });
  const old = genuine(body, { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 3600) });
  console.log(JSON.stringify({ by, changed, renamed, old, id: headers["webhook-id"], signatures: headers["webhook-signature"].split(" ").length, body: JSON.parse(body) }));
  response.writeHead(typeof by === "number" ? 204 : 401).end();
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit(0)); // it ends with whoever began it
