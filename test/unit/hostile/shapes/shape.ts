/** A text of one shape, of about `size` characters. */
export type Shape = (size: number) => string;

/** What a shape is a shape of; a reader is given those that it could be given. */
export type Kind = 'run' | 'value' | 'message' | 'answer';
