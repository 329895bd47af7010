/**
 * What the dialogs use of Node-RED's editor (Node-RED documentation, "Creating nodes: node HTML file" and "Editor APIs").
 * The editor checks nothing of this; it is what 4.1 and 5 do.
 */

/** A node in the editor, with its settings. */
export type EditorNode<Settings = object> = Settings & {
  readonly id: string;
  readonly name: string;
  /** Whether it has been changed since the last deploy. */
  readonly changed?: boolean;
  readonly _def: { readonly defaults: object; _(key: string, words?: object): string };
  /** A text of the node's own locale. */
  _(key: string, words?: object): string;
};

/** A setting of a node. */
export interface SettingDefinition<Settings, Value> {
  readonly value: Value;
  readonly required?: boolean;
  /** The type of configuration node that the setting names. */
  readonly type?: string;
  /** The editor shows what is given back only if two parameters are declared. @returns true, or what is wrong */
  validate?(this: EditorNode<Settings>, value: Value, options: object): true | string;
}

/** A type of node. */
export interface NodeDefinition<Settings> {
  readonly category: 'PKB' | 'config';
  readonly color?: string;
  readonly defaults: { readonly [Name in keyof Settings]: SettingDefinition<Settings, Settings[Name]> };
  readonly credentials?: Readonly<Record<string, { readonly type: 'text' | 'password' }>>;
  readonly inputs?: number;
  readonly outputs?: number;
  readonly icon: string;
  readonly paletteLabel: string;
  label(this: EditorNode<Settings>): string;
  labelStyle?(this: EditorNode<Settings>): string;
  outputLabels?(this: EditorNode<Settings>, output: number): string;
  oneditprepare?(this: EditorNode<Settings>): void;
  oneditsave?(this: EditorNode<Settings>): void;
}

/** A notification that stands. */
export interface Notice {
  close(): void;
}

/** A button of a notification. */
export interface NoticeButton {
  readonly text: string;
  readonly class?: string;
  click(): void;
}

/** A tab of the sidebar. */
export interface SidebarTab {
  readonly id: string;
  readonly label: string;
  readonly name: string;
  readonly iconClass: string;
  readonly content: HTMLElement;
  readonly enableOnEdit: boolean;
}

interface Editor {
  readonly plugins: {
    registerPlugin(id: string, definition: { readonly type: string; onadd(): void }): void;
  };
  readonly sidebar: { addTab(tab: SidebarTab): void };
  readonly settings: { readonly apiRootUrl?: string };
  readonly nodes: {
    registerType<Settings>(type: string, definition: NodeDefinition<Settings>): void;
    node(id: string): EditorNode<Readonly<Record<string, unknown>>> | null;
  };
  notify(
    message: JQuery,
    options:
      | string
      | {
          readonly type: string;
          readonly modal?: boolean;
          readonly fixed?: boolean;
          readonly buttons?: readonly NoticeButton[];
        },
  ): Notice;
}

declare global {
  const RED: Editor;

  interface JQuery {
    /** Node-RED's typed input. */
    typedInput(options: {
      readonly default: string;
      readonly types: readonly string[];
      readonly typeField: JQuery;
    }): JQuery;
    typedInput(property: 'width', value: string): JQuery;
    /** Node-RED's editable list. */
    editableList(options: {
      addItem(row: JQuery, index: number, item: unknown): void;
      readonly removable: boolean;
      readonly sortable: boolean;
    }): JQuery;
    editableList(method: 'addItem', item: unknown): void;
    editableList(method: 'items'): JQuery;
  }
}
