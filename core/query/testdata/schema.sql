-- The tables of the cases in statements and requests: each statement there that is no error can be prepared here.

CREATE TABLE public.users (
    id int PRIMARY KEY, name text, email text, age int, role text, status text, city text, balance numeric, tags text[],
    metadata jsonb, manager_id int REFERENCES public.users, created_at timestamptz, "createdAt" timestamptz, "order" int,
    UNIQUE (id, name)
);
CREATE TABLE public.posts (
    id int PRIMARY KEY, user_id int REFERENCES public.users, title text, body text, score int, published bool,
    created_at timestamptz
);
CREATE TABLE public.orders (
    id int PRIMARY KEY, user_id int REFERENCES public.users, amount numeric, status text, created_at timestamptz
);
CREATE TABLE public.tags (id int PRIMARY KEY, name text);
CREATE TABLE public.post_tags (post_id int REFERENCES public.posts, tag_id int REFERENCES public.tags);
