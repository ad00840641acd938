DROP TABLE "public"."t"
