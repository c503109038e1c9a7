// Asks through node-redis, as a web page's server would, and prints what it was answered as JSON.
//
// usage: asking.js SOCKET QUESTIONS, the latter a JSON array of arrays of words. Printed is an array:
// of each question its reply, or {"error": text}; all are sent before the first is answered.
"use strict";
const { createClient } = require("redis");

async function main(path, questions) {
    const client = createClient({ socket: { path } });
    client.on("error", error => { throw error; });
    await client.connect();
    if (await client.ping() !== "PONG") throw new Error("PING is answered by something else");
    const replies = await Promise.allSettled(questions.map(words => client.sendCommand(words)));
    console.log(JSON.stringify(replies.map(({ status, value, reason }) =>
        status === "fulfilled" ? value : { error: reason.message })));
    await client.quit();
}

main(process.argv[2], JSON.parse(process.argv[3])).catch(error => {
    console.error(error);
    process.exit(1);
});
