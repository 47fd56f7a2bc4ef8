// The visit on a screen: as it was read, or as the last tap on this screen left it, whichever is
// newer.
import type { Command, VisitView } from '$shared/generated/types'
import type { App, ReadVisit } from './app.svelte'

export class HeldVisit {
  private tapped = $state.raw<ReadVisit>({ view: null, taps: -1 })

  constructor(
    private readonly app: App,
    private readonly read: () => ReadVisit
  ) {}

  /** The visit; `null` if it could not be read. An answer to a tap beats an earlier read. */
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

  /** Shows the visit of an answer. Returns false if there is none. */
  readonly take = (answer: VisitView | null | undefined): boolean => {
    if (answer) this.tapped = { view: answer, taps: this.app.taps }
    return Boolean(answer)
  }

  /** Saves one tap, and returns whether it was saved. */
  readonly say = async (command: Command): Promise<boolean> =>
    this.take(await this.app.act(this.app.core.act(this.id, command)))

  /** Strikes a record out, and returns whether that was saved. */
  readonly strike = async (record: string, reason: string): Promise<boolean> =>
    this.take(await this.app.act(this.app.core.strikeOut(record, reason)))
}
