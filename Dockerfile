# The origin. Two stages: the first installs what package-lock.json names, the second has only that and the source, and runs as nobody
# in particular. There is nothing to compile: Node 24 reads the TypeScript. The edge is no container: npm run deploy.
#
#   docker build -t atlas-origin .
#   docker run --rm --env-file owner.env atlas-origin node origin/migrate.ts      # DATABASE_OWNER_URL and DATABASE_URL; before each release
#   docker run --env-file origin.env -p 8788:8788 -p 127.0.0.1:8789:8789 atlas-origin
#
# Without a container engine the same steps are those of docs/deploying.md, "The origin on a machine".

FROM node:24-bookworm-slim AS packages
WORKDIR /atlas
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /atlas
COPY --from=packages /atlas/node_modules node_modules
COPY package.json ./
COPY contracts contracts
COPY core core
COPY migrations migrations
COPY origin origin
# The base image has this user (1000). It owns none of the files, so the process cannot change its own code.
USER node
EXPOSE 8788 8789
# Readiness, and not health: an ill provider is no reason to start the process again.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT ?? 8788}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1, so SIGTERM reaches it and what is in hand is finished (STOP_SECONDS_MAX is 40: docker stop -t 45).
CMD ["node", "origin/main.ts"]
