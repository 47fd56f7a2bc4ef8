// What the app shows, and the way every screen asks the core: one place for the status bar, the
// route and problems.
import { tick } from 'svelte'
import { asProblem } from '../backend/field'
import { tauri as backend } from '../backend/tauri'
import type { Acted, Problem, StatusView, VisitView, Vocabulary } from '../generated/types'
import { problemWords } from '../words/en'

export type Route =
  | { screen: 'today' }
  | { screen: 'visit'; visit: string }
  | { screen: 'my-id'; visit: string }
  | { screen: 'refused'; visit: string }
  | { screen: 'no-access'; visit: string }
  | { screen: 'cancel'; visit: string }
  | { screen: 'left-now'; visit: string }
  | { screen: 'concern'; visit: string | null }
  | { screen: 'unplanned' }
  | { screen: 'past' }
  | { screen: 'code' }
  | { screen: 'sign' }
  | { screen: 'outbox' }

/** How long after the last key what is half typed is written to disk, in milliseconds. */
const DRAFT_PAUSE = 300

class AppState {
  status = $state<StatusView | null>(null)
  vocabulary = $state<Vocabulary | null>(null)
  route = $state<Route>({ screen: 'today' })
  /** What went wrong last, in words; cleared by the next thing that works. */
  problem = $state<string | null>(null)
  /** Why the store is not open. */
  trouble = $state<Problem | null>(null)
  /** Goes up when something changed that no screen asked for. */
  changes = $state(0)
  /** What is half typed, by screen and visit; on disk too, so that neither a lock nor a dead phone forgets it. */
  drafts = $state<Record<string, string>>({})
  /** Somebody can see the screen: personal details are hidden. Clause 5.2. */
  watched = $state(false)
  /** Goes up with each answer to something that was done: what was read before it is older. */
  taps = 0
  /** The visit as the last tap left it, until anything else is asked: the next screen begins with it. */
  private handed: { view: VisitView; changes: number } | null = null
  private readonly pauses = new Map<string, ReturnType<typeof setTimeout>>()
  private draftsRead = false

  /** A personal detail, or what stands for it while somebody can see the screen. */
  personal(detail: string): string {
    return this.watched ? 'Hidden' : detail
  }

  draft(name: string): string {
    return this.drafts[name] ?? ''
  }

  /** Takes what is half typed, and keeps it after a short pause. */
  write(name: string, text: string) {
    this.drafts[name] = text
    clearTimeout(this.pauses.get(name))
    this.pauses.set(
      name,
      setTimeout(() => this.keep(name), DRAFT_PAUSE)
    )
  }

  /** What was half typed is saved for good, or was thrown away. */
  forget(...names: string[]) {
    for (const name of names) {
      this.drafts[name] = ''
      this.keep(name)
    }
  }

  /** What was typed, or nothing where that is empty. */
  typed(name: string): string | null {
    return this.draft(name).trim() || null
  }

  private keep(name: string) {
    clearTimeout(this.pauses.get(name))
    this.pauses.delete(name)
    void backend.keepDraft(name, this.draft(name)).catch(() => undefined)
  }

  private keepAll() {
    for (const name of [...this.pauses.keys()]) this.keep(name)
  }

  /** After signing in: what was half typed before the phone was locked, killed or dead. */
  private async readDrafts() {
    if (this.draftsRead) return
    this.draftsRead = true
    try {
      this.drafts = { ...(await backend.drafts()), ...this.drafts }
    } catch {
      this.draftsRead = false
    }
  }

  go(route: Route) {
    this.route = route
    this.problem = null
    // Who listens to the screen hears where they are now.
    void tick().then(() => document.querySelector('h1')?.focus())
  }

  /** One tap: it is saved, and its one answer is all that a screen shows of it. A problem is shown in words. */
  async act(tap: Promise<Acted>): Promise<VisitView | undefined> {
    const changes = this.changes
    try {
      const { visit, status } = await tap
      this.taps += 1
      this.status = status
      this.problem = null
      this.handed = { view: visit, changes }
      return visit
    } catch (thrown) {
      this.problem = problemWords(asProblem(thrown))
      void this.refresh()
      return undefined
    }
  }

  /** A visit as the tap left it that led to this screen; `null` when something may have changed since. */
  handedOver(visit: string): VisitView | null {
    const { view, changes } = this.handed ?? {}
    return view?.visit === visit && changes === this.changes ? view : null
  }

  /** Asks the core. A problem is shown in words, and the answer is `undefined`. */
  async ask<T>(question: Promise<T>): Promise<T | undefined> {
    const answer = await this.read(
      question.then((answer) => {
        this.taps += 1
        return answer
      })
    )
    this.handed = null
    if (answer !== undefined) this.problem = null
    return answer
  }

  /** As `ask`, for what a screen shows: it may be read at any time, so it takes no message away that somebody still reads. */
  async read<T>(question: Promise<T>): Promise<T | undefined> {
    try {
      const answer = await question
      void this.refresh()
      return answer
    } catch (thrown) {
      this.problem = problemWords(asProblem(thrown))
      void this.refresh()
      return undefined
    }
  }

  /** Asks the core for something that answers nothing: whether it was done. */
  async tried(question: Promise<void>): Promise<boolean> {
    return (await this.ask(question.then(() => true))) ?? false
  }

  async refresh() {
    try {
      const taps = this.taps
      const status = await backend.status()
      if (taps === this.taps) this.status = status
      this.trouble = null
      if (status.signed_in && status.enrolled) await this.readDrafts()
    } catch (thrown) {
      this.trouble = asProblem(thrown)
    }
  }

  /** Tells the core whether photos cost money now, where the webview knows. */
  private watchNetwork() {
    const connection = (navigator as { connection?: EventTarget & { type?: string } }).connection
    if (!connection?.type) return
    const tell = () => void backend.network(connection.type === 'wifi' || connection.type === 'ethernet')
    connection.addEventListener('change', tell)
    tell()
  }

  async start() {
    this.vocabulary = await backend.vocabulary()
    await this.refresh()
    backend.onChange(() => {
      this.changes += 1
      void this.refresh()
    })
    window.addEventListener('online', () => void backend.cameToFront())
    this.watchNetwork()
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') void backend.cameToFront()
      else this.keepAll()
    })
    setInterval(() => void this.refresh(), 20_000)
    await backend.cameToFront()
  }
}

export const app = new AppState()
