// What the builder adds to its own configuration: TypeScript is compiled while bundling, and packages of this
// workspace resolve to their sources.
module.exports = {
  resolve: { conditionNames: ["@nebula/source", "browser", "import", "module", "default"] },
  module: {
    rules: [
      {
        test: /\.tsx?$/,
        loader: "builtin:swc-loader",
        type: "javascript/auto",
        // No module of this workspace does anything by being imported, so what is not used is left out.
        sideEffects: false,
        options: {
          jsc: {
            parser: { syntax: "typescript", tsx: true, explicitResourceManagement: true },
            transform: { react: { runtime: "classic" } },
            // `using` is newer than the oldest browser that JupyterLab supports.
            target: "es2022",
          },
        },
      },
    ],
  },
};
