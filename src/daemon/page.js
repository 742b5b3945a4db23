"use strict";
// Shows what /state says, and asks again. Everything from there is set as text, never as markup.

const EVERY_MS = 5000;
const INBOUND = ["twilio.trunk_phone_number", "twilio.trunk", "twilio.origination_url", "livekit.inbound_trunk", "livekit.dispatch_rule"];
const OUTBOUND = ["livekit.outbound_trunk", "twilio.credential", "twilio.credential_list", "twilio.trunk_credential_list", "twilio.trunk"];
const BOX = { width: 128, height: 22, gap: 14 };
let after = "", next = null;

function element(name, text, className) {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
}

function svg(name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    return made;
}

// One way of the calls: from one end to the other through every object of these kinds that there is. Those of a trunk are its numbers' all
// together: a number that has none of its own LiveKit trunk has no such way.
function stations(number, kinds, own, from, to) {
    const objects = kinds.flatMap(kind => number.objects.filter(object => object.kind === kind));
    if (!objects.some(object => object.kind === own)) return [];
    return [{ label: from, className: "end", title: from },
        ...objects.map(object => ({
            label: object.kind.split(".")[1].replaceAll("_", " "),
            className: object.known + (object.open ? " busy" : ""),
            title: [object.kind, object.account, object.id || "no id yet", object.known, object.open].filter(Boolean).join(" - "),
        })), { label: to, className: "end", title: to }];
}

function picture(number) {
    const agent = number.agent || "no agent", carrier = number.account || "carrier";
    const ways = [stations(number, INBOUND, "livekit.inbound_trunk", carrier, agent),
        stations(number, OUTBOUND, "livekit.outbound_trunk", agent, carrier)].filter(way => way.length > 0);
    const columns = Math.max(0, ...ways.map(way => way.length)), row = BOX.height + 8;
    const drawing = svg("svg", { width: columns * (BOX.width + BOX.gap), height: ways.length * row, role: "img" });
    drawing.append(svg("title", {}, "path of the calls of " + number.number));
    ways.forEach((way, y) => way.forEach((station, x) => {
        const left = x * (BOX.width + BOX.gap), top = y * row + 2, middle = top + BOX.height / 2;
        if (x > 0) drawing.append(svg("line", { x1: left - BOX.gap, x2: left, y1: middle, y2: middle }));
        const box = svg("g", {});
        box.append(svg("title", {}, station.title),
            svg("rect", { x: left, y: top, width: BOX.width, height: BOX.height, rx: 4, class: station.className }),
            svg("text", { x: left + 6, y: middle + 4 }, station.label.slice(0, 22)));
        drawing.append(box);
    }));
    return drawing;
}

function numberRow(number) {
    const row = document.createElement("tr"), status = element("td", ""), path = document.createElement("td");
    status.append(element("span", number.status, number.status), " " + number.reason, element("div", number.message, "message"));
    path.append(picture(number));
    row.append(element("td", number.number), status, element("td", number.agent), path);
    return row;
}

function accountRow(account) {
    const row = document.createElement("tr");
    const held = [account.condition, account.braked && "braked", account.held && "removals held",
        account.probing && "only probed"].filter(Boolean);
    row.append(element("td", account.account), element("td", account.provider),
        element("td", held.join(", ") || "fine", held.length ? "ill" : "active"),
        element("td", account.in_flight + " of " + account.window + (account.pause_ms ? ", pauses" : "")),
        element("td", String(account.waiting)));
    return row;
}

function eventRow(event) {
    const row = document.createElement("tr");
    row.append(element("td", new Date(event.at * 1000).toISOString().replace("T", " ").slice(0, 19)), element("td", event.object),
        element("td", event.text, event.level));
    return row;
}

function fill(id, rows) { document.querySelector("#" + id + " tbody").replaceChildren(...rows); }

async function show() {
    const stale = document.getElementById("stale");
    try {
        const answer = await fetch("/state" + (after ? "/" + encodeURIComponent(after) : ""), { cache: "no-store" });
        if (!answer.ok) throw new Error(await answer.text());
        const state = await answer.json();
        document.getElementById("summary").textContent = state.summary + " (trunkd " + state.version + ")";
        fill("accounts", state.accounts.map(accountRow));
        fill("numbers", state.numbers.map(numberRow));
        fill("events", state.events.map(eventRow));
        next = state.next;
        document.getElementById("next").disabled = next === null;
        document.getElementById("first").disabled = after === "";
        stale.hidden = true;
    } catch (problem) {
        stale.hidden = false;
    }
}

document.getElementById("first").addEventListener("click", () => { after = ""; show(); });
document.getElementById("next").addEventListener("click", () => { after = next || after; show(); });
setInterval(show, EVERY_MS);
show();
