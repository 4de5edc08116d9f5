import { useEffect, useRef } from 'react'

/** What has just happened. Each piece is a new object: the same words may come twice. */
export interface Said {
  text: string
}

/** Takes the focus with each piece of news: the button that was pressed is often gone with its reservation. */
export function News({ said }: { said?: Said }) {
  const news = useRef<HTMLParagraphElement>(null)
  useEffect(() => {
    if (said) news.current?.focus()
  }, [said])
  return (
    <p className="said" role="status" ref={news} tabIndex={-1}>
      {said?.text}
    </p>
  )
}
