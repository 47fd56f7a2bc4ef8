/** Asks the person at the desk to prove again who they are, before something that can’t be undone. */
class Proving {
  /** Whether the question is shown. */
  asking = $state(false)
  #answered: ((proved: boolean) => void)[] = []

  /** Shows the question. Resolves once it is answered: whether they have proved who they are. */
  asks(): Promise<boolean> {
    this.asking = true
    return new Promise((answered) => this.#answered.push(answered))
  }

  /** Takes the question away, and lets whatever waits for it go on, or not. */
  answer(proved: boolean) {
    this.asking = false
    for (const answered of this.#answered.splice(0)) answered(proved)
  }
}

export const proving = new Proving()
