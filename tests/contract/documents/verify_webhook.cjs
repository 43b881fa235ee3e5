// The reference library for Node says whether it takes a webhook: {secret, headers, body} as JSON in the first argument.
const { Webhook } = require("standardwebhooks");

const { secret, headers, body } = JSON.parse(process.argv[2]);
try {
  new Webhook(secret).verify(body, headers);
  console.log("taken");
} catch (error) {
  console.log(error.constructor.name);
}
