// A visit as a screen holds it: as the tap left it that led here, or read from the core; and read
// again only when something changed that no screen asked for.
import { untrack } from 'svelte'
import { tauri as backend } from '../backend/tauri'
import type { Command, VisitView } from '../generated/types'
import { app } from './state.svelte'

export class HeldVisit {
  view = $state<VisitView | null>(null)
  private readonly id: () => string

  constructor(id: () => string) {
    this.id = id
    $effect(() => {
      const visit = id()
      void app.changes
      const handed = untrack(() => app.handedOver(visit))
      if (handed) this.view = handed
      else void this.reads(visit)
    })
  }

  /** Reads it: again, when a tap was answered meanwhile, since that answer is newer. */
  private async reads(visit: string) {
    const taps = app.taps
    const view = await app.read(backend.visit(visit))
    if (visit !== this.id()) return
    if (taps === app.taps) this.take(view)
    else await this.reads(visit)
  }

  /** Takes an answer, where there is one. */
  readonly take = (answer: VisitView | undefined): boolean => {
    if (answer) this.view = answer
    return answer !== undefined
  }

  /** One tap. */
  readonly say = async (command: Command): Promise<boolean> => this.take(await app.act(backend.act(this.id(), command)))

  /** Strikes out what was said. */
  readonly strike = async (record: string, reason: string): Promise<boolean> =>
    this.take(await app.act(backend.strikeOut(record, reason)))
}
