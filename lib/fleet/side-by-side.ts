/** What another host costs before it is of use, in milliseconds: it loads the project. */
const startUp = 1500;

/**
 * Does something for each schema: with the first host, and with the others as well once so much is left that it is worth their start.
 * Nothing is begun once it is stopped; what is begun is seen to its end.
 */
export async function sideBySide<Host>(
  hosts: readonly Host[],
  schemas: readonly string[],
  isStopped: () => boolean,
  work: (schema: string, host: Host) => Promise<void>,
): Promise<void> {
  const queue = [...schemas];
  const [first, ...others] = hosts;
  const lanes: Promise<void>[] = [];
  const started = performance.now();
  let done = 0;
  const joinOthers = (): void => {
    const left = ((performance.now() - started) / done) * queue.length;
    for (const host of others.splice(0, Math.floor(left / startUp))) lanes.push(lane(host));
  };
  const lane = async (host: Host): Promise<void> => {
    for (let schema = queue.shift(); schema !== undefined && !isStopped(); schema = queue.shift()) {
      await work(schema, host);
      done += 1;
      joinOthers();
    }
  };
  if (first === undefined) return;
  lanes.push(lane(first));
  // Others join while it is waited for those before them.
  const broken: unknown[] = [];
  for (let index = 0; index < lanes.length; index++)
    await lanes[index]?.catch((error: unknown) => broken.push(error));
  if (broken.length > 0) throw broken[0];
}
