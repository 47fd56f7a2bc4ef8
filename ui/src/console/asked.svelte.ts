// What a screen asks of the council: again whenever its address says something else.
import type { Problem } from '../generated/types'
import { desk } from './state.svelte'

export class Asked<T> {
  answer = $state.raw<T | null>(null)
  problem = $state.raw<Problem | null>(null)
  /** What the address said when what is shown was asked for: a table is sorted as its rows are, and not as they will be. */
  query = $state('')
  /** Whether an answer is on its way. */
  busy = $state(false)
  private turns = 0

  /** To be made while a screen is: it asks for as long as that is there. */
  constructor(private readonly question: (query: string) => Promise<T>) {
    $effect(() => void this.ask(desk.query))
  }

  /** Asks once more, after something was changed. */
  again(): Promise<void> {
    return this.ask(desk.query)
  }

  private async ask(query: string) {
    const turn = ++this.turns
    this.busy = true
    const { answer, problem } = await desk.ask(this.question(query))
    // An answer that was overtaken by a later question is shown to nobody.
    if (turn !== this.turns) return
    this.busy = false
    this.query = query
    this.answer = answer ?? null
    this.problem = problem ?? null
  }
}
