// provider.mjs PORT REDIRECT PEOPLE runs an OpenID Connect provider on the loopback interface, for tests. Port 0 is any that is
// free. It knows one client, "cairn", that may send people back to REDIRECT, and the people of the JSON object (subject →
// claims), who sign in with their subject and any password. It prints its issuer when it is ready.
import http from "node:http";
import Provider from "oidc-provider";

const [port, redirect, people] = process.argv.slice(2);
const known = JSON.parse(people);
const server = http.createServer();
server.listen(Number(port), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "cairn", client_secret: "of the test", redirect_uris: [redirect] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    findAccount: (_, subject) => known[subject] && { accountId: subject, claims: () => ({ sub: subject, ...known[subject] }) },
    pkce: { required: () => true },
    ttl: { IdToken: 60, AccessToken: 60, AuthorizationCode: 60, Grant: 600, Interaction: 600, Session: 600 },
    cookies: { keys: ["a key of the test"] },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
