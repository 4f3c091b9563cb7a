// Drives the sandbox of Kisi by Kisi's own JavaScript client: kisi.mjs WORLDS ADDRESS
// Each step does what Doorstep does, and asserts what the client makes of the answer. The client
// renames keys: place_id becomes placeId.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import Kisi from "kisi-client";

const [worlds, address] = process.argv.slice(2);
const base = `${address}/sandbox/kisi`;
const kisi = new Kisi({ baseURL: base, proxy: false });
// The client has no method of its own for PATCH.
const patch = async (path, data) => (await kisi.client.patch(path, data)).status;
const refused = (call, status, more = {}) => assert.rejects(call, { status, ...more });

// Reads every page of a list.
async function all(path, query, limit) {
  const items = [];
  for (;;) {
    const { data, pagination } = await kisi.get(path, { ...query, limit, offset: items.length });
    assert.equal(pagination.offset, items.length);
    assert.equal(pagination.limit, limit);
    items.push(...data);
    if (items.length >= pagination.count) {
      assert.equal(items.length, pagination.count);
      return items;
    }
    assert.equal(data.length, limit);
  }
}

const steps = {
  async "a key is needed"() {
    await refused(kisi.get("users"), 401, { code: "a1e401", reason: "Unauthorized" });
    kisi.setLoginSecret("key");
    await kisi.get("users");
  },

  async "lists tell their range"() {
    const groups = await kisi.get("groups", { placeId: 33 });
    assert.deepEqual(groups.pagination, { offset: 0, limit: 10, count: 3 });
    assert.deepEqual(groups.data.map(one => [one.name, one.placeId, one.usersCount]), [
      ["Members", 33, 2], ["Boardroom", 33, 1], ["Studio", 33, 0],
    ]);
    const nothing = await kisi.get("users", { email: "no@example.test" });
    assert.deepEqual([nothing.data, nothing.pagination.count], [[], 0]);
    assert.deepEqual((await kisi.get("locks")).data.map(one => one.name), ["Front door"]);
    assert.deepEqual((await kisi.get("places")).data.map(one => one.id), [33]);
  },

  async "people are created, found by address, and listed in pages"() {
    for (let number = 0; number < 23; number += 1) {
      const email = `p${number}@example.test`;
      const user = { email, name: `P ${number}`, sendEmails: false, confirm: true, metadata: { doorstep: `d-${number}` } };
      const made = await kisi.post("users", { user });
      assert.deepEqual([made.email, made.confirmed, made.accessEnabled], [email, true, true]);
      assert.deepEqual(made.metadata, { doorstep: `d-${number}` });
    }
    const people = await all("users", {}, 10);
    assert.equal(people.length, 25);
    assert.equal(new Set(people.map(one => one.id)).size, 25);
    const [found] = (await kisi.get("users", { email: "P7@example.test" })).data;
    assert.equal(found.email, "p7@example.test");
    await refused(kisi.post("users", { user: { email: "p7@example.test" } }), 422, {
      reason: { email: ["has already been taken"] },
    });
  },

  async "a person is changed and deleted"() {
    const [{ id }] = (await kisi.get("users", { email: "p0@example.test" })).data;
    assert.equal(await patch(`users/${id}`, { user: { accessEnabled: false, notes: "left" } }), 204);
    const { accessEnabled, notes } = await kisi.get(`users/${id}`);
    assert.deepEqual([accessEnabled, notes], [false, "left"]);
    await kisi.delete(`users/${id}`);
    await refused(kisi.get(`users/${id}`), 404);
    await refused(kisi.delete(`users/${id}`), 404);
  },

  async "an assignment is made once, listed and deleted"() {
    const [{ id: assigneeId }] = (await kisi.get("users", { email: "p1@example.test" })).data;
    const roleAssignment = {
      appliesToType: "Group", appliesToId: 2, assigneeType: "User", assigneeId, roleId: "group_basic",
      notify: false, validFrom: "2026-07-02T08:00:00Z", validUntil: "2026-07-02T10:00:00Z",
    };
    const made = await kisi.post("role_assignments", { roleAssignment });
    for (const [key, value] of Object.entries(roleAssignment)) assert.deepEqual(made[key], value, key);
    assert.equal(made.assignee.email, "p1@example.test");
    await refused(kisi.post("role_assignments", { roleAssignment }), 409);
    const of = { appliesToType: "Group", appliesToId: 2 };
    const listed = await all("role_assignments", of, 1);
    assert.deepEqual(listed.map(one => one.assigneeId), [1, assigneeId]);
    assert.deepEqual(await kisi.get(`role_assignments/${made.id}`), made);
    await kisi.delete(`role_assignments/${made.id}`);
    await refused(kisi.delete(`role_assignments/${made.id}`), 404);
    assert.equal((await all("role_assignments", of, 250)).length, 1);
    await refused(kisi.post("role_assignments", { roleAssignment: { ...roleAssignment, appliesToId: 99 } }), 404);
    await refused(kisi.post("role_assignments", { roleAssignment: { appliesToType: "Group" } }), 422);
  },

  async "a guest is made, assigned and deleted"() {
    const guest = await kisi.post("guests", { guest: { name: "Cy", email: "cy@example.test" } });
    const made = await kisi.post("role_assignments", {
      roleAssignment: { appliesToType: "Group", appliesToId: 1, assigneeType: "Guest", assigneeId: guest.id, roleId: "group_basic" },
    });
    assert.deepEqual([made.guestId, made.userId], [guest.id, null]);
    assert.equal((await all("guests", {}, 250)).length, 2);
    await kisi.delete(`guests/${guest.id}`);
    await refused(kisi.get(`role_assignments/${made.id}`), 404);
  },

  async "a card is assigned and taken back"() {
    const [card] = (await kisi.get("cards", { token: "0456" })).data;
    assert.equal(card.assigned, false);
    const made = await kisi.post("card_assignments", { cardAssignment: { assigneeType: "User", assigneeId: 1, cardId: card.id } });
    assert.equal(made.cardId, card.id);
    assert.equal((await all("card_assignments", { assigneeType: "User", assigneeId: 1 }, 1)).length, 2);
    await kisi.delete(`card_assignments/${made.id}`);
    assert.equal((await kisi.get("cards", { token: "0456" })).data[0].assigned, false);
  },

  async "a webhook is made, changed and deleted"() {
    const url = "https://doorstep.example/hooks/wharf/kisi";
    const integration = { name: "Oracle", type: "event_webhook", url, enabled: true, enabledEvents: ["lock.unlock"], signatureKey: "k" };
    const made = await kisi.post("integrations", { integration });
    assert.deepEqual([made.url, made.enabledEvents, made.signatureKey], [url, ["lock.unlock"], undefined]);
    assert.equal(await patch(`integrations/${made.id}`, { integration: { enabled: false } }), 204);
    const { enabled, disabledDueToError } = await kisi.get(`integrations/${made.id}`);
    assert.deepEqual([enabled, disabledDueToError], [false, false]);
    assert.deepEqual((await all("integrations", { enabled: true }, 250)).map(one => one.id), [1]);
    await kisi.delete(`integrations/${made.id}`);
    await refused(kisi.get(`integrations/${made.id}`), 404);
  },

  async "a page has its limits"() {
    await refused(kisi.get("users", { limit: 101 }), 422);
    await refused(kisi.get("groups", { limit: 251 }), 422);
    await refused(kisi.get("groups", { offset: 20001 }), 422);
  },
};

const world = JSON.stringify(JSON.parse(readFileSync(worlds, "utf8")).kisi);
assert.equal((await fetch(`${base}/_world`, { method: "PUT", body: world })).status, 200);
let failed = 0;
for (const [name, step] of Object.entries(steps)) {
  try {
    await step();
  } catch (error) {
    failed += 1;
    console.log(`kisi-client: ${name}: ${error.stack ?? error}`);
  }
}
console.log(`kisi-client: ${Object.keys(steps).length} steps, ${failed} failed`);
process.exit(failed ? 1 : 0);
