// Posts deliveries that the vendors' own libraries signed: deliver.mjs ADDRESS COUNT SPOILED
// Half of COUNT are signed by svix, half by standardwebhooks. Each must be answered 202, and each
// of SPOILED others 401.
import { Webhook as Standard } from "standardwebhooks";
import { Webhook as Svix } from "svix";

const [address, count, spoiled] = process.argv.slice(2);
const secret = "whsec_" + Buffer.from("sandbox-webhook-secret-32-bytes!").toString("base64");
const libraries = [
  ["svix", new Svix(secret)],
  ["webhook", new Standard(secret)],
];

function spoil(number, headers, family) {
  const wrong = { ...headers };
  const other = family === "svix" ? "webhook" : "svix";
  switch (number % 5) {
    case 0: wrong[`${family}-id`] += "x"; break;
    case 1: wrong[`${family}-timestamp`] = String(Number(wrong[`${family}-timestamp`]) + 301); break;
    case 2: wrong[`${family}-signature`] = "v1," + Buffer.alloc(32).toString("base64"); break;
    case 3: delete wrong[`${family}-timestamp`]; break;
    default: wrong[`${other}-signature`] = wrong[`${family}-signature`];
  }
  return wrong;
}

let failed = 0;
for (let number = 0; number < Number(count) + Number(spoiled); number += 1) {
  const [family, library] = libraries[number % 2];
  const body = JSON.stringify({ type: "booking.updated", booking: { id: `n-${number}`, title: "é ✓" } });
  const now = new Date();
  const id = `msg_node_${number}`;
  let headers = {
    [`${family}-id`]: id,
    [`${family}-timestamp`]: String(Math.floor(now.getTime() / 1000)),
    [`${family}-signature`]: library.sign(id, now, body),
  };
  let wanted = 202;
  if (number >= Number(count)) {
    headers = spoil(number, headers, family);
    wanted = 401;
  }
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  if (answer.status !== wanted) {
    failed += 1;
    console.log(`delivery ${number} by ${family}: ${answer.status} instead of ${wanted}`);
  }
}
console.log(`node: ${count} deliveries and ${spoiled} spoiled ones, ${failed} wrong answers`);
process.exit(failed ? 1 : 0);
