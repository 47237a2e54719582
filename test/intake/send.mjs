// send.mjs CLIENT ADDRESS KEY sends what happened to a server with a client that others wrote, as its own documentation tells, and
// prints "sent" when the client says that all of it was taken. For tests.
import { Analytics } from "@segment/analytics-node";
import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import { CloudEvent, HTTP } from "cloudevents";

const [client, address, key] = process.argv.slice(2);

async function segment() {
  const analytics = new Analytics({ writeKey: key, host: address, path: "/v1/batch", maxRetries: 5 });
  const wrong = [];
  analytics.on("error", (e) => wrong.push(e));
  for (let n = 1; n <= 5; n++) analytics.track({ userId: "ada", event: "Order Completed", properties: { total: n }, messageId: `segment-${n}` });
  analytics.identify({ userId: "ada", traits: { email: "ada@example.org" } });
  analytics.page({ userId: "ada", name: "Home" });
  await analytics.closeAndFlush();
  if (wrong.length) throw new Error(JSON.stringify(wrong));
}

async function rudder() {
  const analytics = new RudderAnalytics(key, { dataPlaneUrl: address, flushAt: 5, flushInterval: 200 });
  for (let n = 1; n <= 5; n++) analytics.track({ userId: "bo", event: "Order Completed", properties: { total: n }, messageId: `rudder-${n}` });
  await new Promise((resolve, reject) => analytics.flush((err) => (err ? reject(err) : resolve())));
}

async function cloudevents(write) {
  for (let n = 1; n <= 5; n++) {
    const event = new CloudEvent({ specversion: "1.0", id: `${n}`, source: "https://shop.example/orders", type: "com.example.order", subject: "cy", data: { total: n } });
    const message = write(event);
    const answer = await fetch(`${address}/api/v1/in/cloudevents`, { method: "POST", headers: { ...message.headers, authorization: `Bearer ${key}` }, body: message.body });
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  }
}

await { segment, rudder, binary: () => cloudevents(HTTP.binary), structured: () => cloudevents(HTTP.structured) }[client]();
console.log("sent");
