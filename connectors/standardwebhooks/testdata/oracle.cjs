// Answers questions with the official library of Standard Webhooks for Node: one
// JSON value a line, one answer each.
const { Webhook } = require("standardwebhooks");

const genuine = ({ secret, body, headers }) => {
  try {
    new Webhook(secret).verify(Buffer.from(body, "base64").toString("utf8"), headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
};

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { judge } = JSON.parse(line);
  process.stdout.write(JSON.stringify(judge.map(genuine)) + "\n");
});
