// The search of the site is a Worker, which browsers refuse to pages opened as files. Here it runs
// in a hidden frame of the same page.
if (location.protocol === "file:") {
  // The script of the search looks for this name to know where it runs.
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.inner = frame.contentWindow;
      const load = (source) =>
        new Promise((resolve) => {
          const script = this.inner.document.createElement("script");
          script.src = source;
          script.onload = resolve;
          this.inner.document.body.append(script);
        });
      this.inner.postMessage = (data) => {
        const event = new MessageEvent("message", { data });
        this.dispatchEvent(event);
        if (this.onmessage) this.onmessage(event);
      };
      this.inner.importScripts = (...sources) =>
        sources.reduce((before, next) => before.then(() => load(next)), Promise.resolve());
      this.ready = load(url);
    }

    postMessage(data) {
      this.ready.then(() => {
        this.inner.dispatchEvent(new this.inner.MessageEvent("message", { data }));
      });
    }

    terminate() {
      this.inner.frameElement.remove();
    }
  };
}
