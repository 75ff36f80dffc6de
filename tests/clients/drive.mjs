// Obeys the tests: each line of the input is ["command", {arguments}], each line of the output {"value"} or {"error"}.
import { createInterface } from 'node:readline';

const commands = await import(process.argv[2]);

for await (const line of createInterface({ input: process.stdin })) {
  const [name, given] = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[name](given)) ?? null };
  } catch (error) {
    answer = { error: String(error?.stack ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
process.exit(0);
