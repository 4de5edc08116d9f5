import { useEffect, useRef } from 'react'

/** The result of the last action. Each result is a new object, because the same text may come twice. */
export interface Message {
  text: string
}

/**
 * Shows the result of an action and takes the focus, because the button that
 * was pressed is often gone together with its reservation.
 */
export function StatusMessage({ message }: { message?: Message }) {
  const element = useRef<HTMLParagraphElement>(null)
  useEffect(() => {
    if (message) element.current?.focus()
  }, [message])
  return (
    <p className="status-message" role="status" ref={element} tabIndex={-1}>
      {message?.text}
    </p>
  )
}
