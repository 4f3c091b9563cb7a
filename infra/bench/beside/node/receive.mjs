// The job of `receive` for OfficeRnD, in Node and with AWS's own SDK, to measure Doorstep beside it:
// verify the exact bytes, parse, enqueue, count. It asks Lambda's runtime interface itself, over one
// connection, without a framework.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";

const { DOORSTEP_STACK: stack, DOORSTEP_TABLE: table, DOORSTEP_TRIGGER_QUEUE_URL: queue } = process.env;
// The emulated queue is not at its URL, and gives no MD5 of a message.
const emulated = { useQueueUrlAsEndpoint: false, md5: false };
const [dynamodb, sqs, ssm] = [new DynamoDBClient({}), new SQSClient(emulated), new SSMClient({})];

const FRESH_SECONDS = 300;
const MINUTE = 60_000;
const MOST_WRITES = 10;
const KEPT_SECONDS = 8 * 24 * 3600;
const KINDS = { booking: "booking", member: "member", company: "team", membership: "membership", pass: "pass" };

// One value by its name, read at most once a minute.
function cached(read) {
  const known = new Map();
  return async (name, now) => {
    const old = known.get(name);
    if (old && now - old.at < MINUTE) return old.value;
    const value = await read(name);
    known.set(name, { at: now, value });
    return value;
  };
}

const route = cached(async (site) => {
  const key = { pk: { S: "sites" }, sk: { S: site } };
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
  return Item && JSON.parse(Item.body.S);
});

const secrets = cached(async (name) => {
  const Name = `/${stack}/${name}/webhook`;
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }));
  return JSON.parse(Parameter.Value).webhook_secrets;
});

function signedParts(header) {
  const parts = new Map((header ?? "").split(",").map((part) => part.split("=", 2)));
  return { t: parts.get("t") ?? "", signature: Buffer.from(parts.get("signature") ?? "", "hex") };
}

function verified(keys, body, t, signature, now) {
  if (!/^\d{1,12}$/.test(t) || Math.abs(Math.floor(now / 1000) - Number(t)) > FRESH_SECONDS) return false;
  return keys.some((key) => {
    const mac = createHmac("sha256", key).update(body).update(".").update(t).digest();
    return mac.length === signature.length && timingSafeEqual(mac, signature);
  });
}

function hint(body) {
  const { event, eventType, data } = JSON.parse(body);
  const [thing, verb, more] = (event ?? eventType).split(".");
  const kind = KINDS[thing];
  if (!kind || !verb || more !== undefined) return undefined;
  const { _id: id, modifiedAt } = data.object;
  return { about: { kind, id }, reaches: modifiedAt ?? null, removed: verb === "removed" };
}

// What is not counted yet for one address, and when it was last written.
const tallies = new Map();

async function count(site, now) {
  const tally = tallies.get(site) ?? { writes: [], unwritten: 0 };
  tallies.set(site, tally);
  tally.unwritten += 1;
  tally.writes = tally.writes.filter((at) => now - at < MINUTE);
  if (tally.writes.length >= MOST_WRITES) return;
  tally.writes.push(now);
  const [at, written] = [new Date(now).toISOString(), tally.unwritten];
  tally.unwritten = 0;
  const hour = at.slice(0, 13);
  const expires = Date.parse(`${hour}:00:00Z`) / 1000 + KEPT_SECONDS;
  await dynamodb.send(new UpdateItemCommand({
    TableName: table,
    Key: { pk: { S: `${site}#delivery` }, sk: { S: `${hour}#platform` } },
    UpdateExpression: "ADD verified :verified SET expires = :expires, last_verified = :last_verified",
    ExpressionAttributeValues: {
      ":verified": { N: String(written) }, ":expires": { N: String(expires) }, ":last_verified": { S: at },
    },
  }));
}

async function enqueue(site, about, dedupId, now) {
  const message = { site, trigger: { hints: [about] }, delivery: dedupId, at: new Date(now).toISOString() };
  await sqs.send(new SendMessageCommand({
    QueueUrl: queue, MessageBody: JSON.stringify(message), MessageGroupId: site, MessageDeduplicationId: dedupId,
  }));
}

const answer = (statusCode, body) => ({ statusCode, headers: { "content-type": "application/json" }, body });

async function receive(event) {
  const now = Date.now();
  const body = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  const [, hooks, name, platform, rest] = event.rawPath.split("/");
  const site = hooks === "hooks" && rest === undefined ? await route(name, now) : undefined;
  if (site?.platform !== platform) return answer(404, '{"error":"no such address"}');
  const { t, signature } = signedParts(event.headers["officernd-signature"]);
  if (!verified(await secrets(site.secret, now), body, t, signature, now)) {
    return answer(401, '{"error":"unproven"}');
  }
  const id = createHash("sha256").update(event.rawPath).update("\0").update(body).update("\0").update(t).digest("hex");
  const about = hint(body);
  await Promise.all([about && enqueue(site.site, about, id, now), count(site.site, now)]);
  return answer(202, '{"accepted":true}');
}

const agent = new http.Agent({ keepAlive: true });
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ agent, host, port, method, path: `/2018-06-01/runtime/${path}` }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

for (;;) {
  const next = await ask("GET", "invocation/next");
  const id = next.headers["lambda-runtime-aws-request-id"];
  try {
    const result = await receive(JSON.parse(next.body));
    await ask("POST", `invocation/${id}/response`, JSON.stringify(result));
  } catch (error) {
    console.error(error);
    await ask("POST", `invocation/${id}/error`, JSON.stringify({ errorType: error.name, errorMessage: error.message }));
  }
}
