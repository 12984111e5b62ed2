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
