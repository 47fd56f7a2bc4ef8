// A visit as a screen holds it: as it was read, or as the last tap on this screen left it, whichever
// is newer.
import type { Command, VisitView } from '$shared/generated/types'
import type { App, ReadVisit } from './app.svelte'

export class HeldVisit {
  private tapped = $state.raw<ReadVisit>({ view: null, taps: -1 })

  constructor(
    private readonly app: App,
    private readonly read: () => ReadVisit
  ) {}

  /** The visit; `null` where it could not be read. What was read before a tap was answered is older than the answer. */
  get view(): VisitView | null {
    const { tapped } = this
    const read = this.read()
    return tapped.taps > read.taps && tapped.view?.visit === (read.view?.visit ?? tapped.view?.visit)
      ? tapped.view
      : read.view
  }

  private get id(): string {
    return this.view?.visit ?? ''
  }

  /** Takes an answer, where there is one. */
  readonly take = (answer: VisitView | null | undefined): boolean => {
    if (answer) this.tapped = { view: answer, taps: this.app.taps }
    return Boolean(answer)
  }

  /** One tap. */
  readonly say = async (command: Command): Promise<boolean> =>
    this.take(await this.app.act(this.app.core.act(this.id, command)))

  /** Strikes out what was said. */
  readonly strike = async (record: string, reason: string): Promise<boolean> =>
    this.take(await this.app.act(this.app.core.strikeOut(record, reason)))
}
