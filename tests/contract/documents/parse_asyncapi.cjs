// What the official parser says of an AsyncAPI document: one line of JSON. Usage: node parse_asyncapi.cjs FILE
const { Parser, fromFile } = require('@asyncapi/parser');

async function main(file) {
  const { document, diagnostics } = await fromFile(new Parser(), file).parse();
  const messages = document ? document.messages().all() : [];
  const said = {
    diagnostics: diagnostics.map((each) => ({ code: each.code, path: each.path.join('/'), message: each.message })),
    operations: document ? document.operations().all().map((each) => each.id()).sort() : [],
    withoutExamples: messages.filter((each) => each.examples().isEmpty()).map((each) => each.id()),
  };
  console.log(JSON.stringify(said));
}

main(process.argv[2]);
