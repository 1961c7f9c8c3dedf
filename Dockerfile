# The service in one image, run by a user without rights; its data and keys live in two volumes.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY config ./config
COPY src ./src
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
# For the embedded server, used when STS_REDIS_URL is not set; the package does not start one by itself here.
RUN apt-get update \
  && apt-get install -y --no-install-recommends redis-server \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json ./
COPY config ./config
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN install -d -o node -g node -m 0700 /var/lib/agency-sts /var/lib/agency-sts/data /var/lib/agency-sts/keys
ENV NODE_ENV=production \
    UV_THREADPOOL_SIZE=16 \
    STS_HOST=0.0.0.0 \
    STS_PORT=8088 \
    STS_DATA_DIR=/var/lib/agency-sts/data \
    STS_KEYS_DIR=/var/lib/agency-sts/keys
USER node
VOLUME ["/var/lib/agency-sts/data", "/var/lib/agency-sts/keys"]
EXPOSE 8088
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.STS_PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js", "serve"]
