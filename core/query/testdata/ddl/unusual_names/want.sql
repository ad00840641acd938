CREATE TABLE "public"."用户表" ("createdAt" TIMESTAMP, "user" TEXT);
CREATE INDEX IF NOT EXISTS "用户表_createdAt_idx" ON "public"."用户表" ("createdAt")
