// Passkeys in the browser (WebAuthn, level 3).
import type { PasskeyAsked } from '$shared/generated/types'

/** The answer to what the council asked, as it is sent back. */
export interface PasskeyAnswer {
  ceremony: string
  answer: unknown
}

/** Whether this browser has passkeys. An older one, or one without TLS, has none. */
export function hasPasskeys(): boolean {
  return (
    typeof PublicKeyCredential !== 'undefined' &&
    typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function' &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function'
  )
}

function answered(asked: PasskeyAsked, made: Credential | null): PasskeyAnswer | null {
  return made instanceof PublicKeyCredential ? { ceremony: asked.ceremony, answer: made.toJSON() } : null
}

/** Makes a passkey. `null` if the person did not, or the browser can't. */
export async function makePasskey(asked: PasskeyAsked): Promise<PasskeyAnswer | null> {
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.options)
    return answered(asked, await navigator.credentials.create({ publicKey }))
  } catch {
    return null
  }
}

/** Answers with a passkey. `null` if the person did not, or has none here. */
export async function usePasskey(asked: PasskeyAsked): Promise<PasskeyAnswer | null> {
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.options)
    return answered(asked, await navigator.credentials.get({ publicKey }))
  } catch {
    return null
  }
}
