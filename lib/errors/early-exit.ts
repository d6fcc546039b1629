/** What is thrown in the place of a process.exit that would end the work where it stands; its stack says who called it. */
export class EarlyExit extends Error {
  constructor() {
    super('process.exit was called, which would have ended the command before it was done');
  }
}
