import { type ReactNode, useEffect, useId, useRef } from 'react'
import { Problem } from './Problem'
import { SubmitButton } from './SubmitButton'

interface DialogProps {
  heading: string
  dismissLabel: string
  confirmLabel: string
  pendingLabel: string
  pending: boolean
  error: unknown
  children: ReactNode
  onConfirm(form: FormData): void
  onClose(): void
}

/** A confirmation in the browser's own dialog element, which keeps the focus inside and returns it on closing. */
export function Dialog({
  heading,
  dismissLabel,
  confirmLabel,
  pendingLabel,
  pending,
  error,
  ...rest
}: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal()
  }, [])
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={rest.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!pending) rest.onConfirm(new FormData(event.currentTarget))
        }}
      >
        <h2 id={id}>{heading}</h2>
        {rest.children}
        <Problem error={error} />
        <div className="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            {dismissLabel}
          </button>
          <SubmitButton label={confirmLabel} pendingLabel={pendingLabel} pending={pending} error={error} />
        </div>
      </form>
    </dialog>
  )
}
