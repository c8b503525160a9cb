import { Link } from 'react-router';
import { Message } from '../parts/Message';

export default function MissingPage() {
  return (
    <Message title="There is no such page" action={<Link to="/payloads">Newest payloads</Link>}>
      The address leads nowhere. An identifier finds its payload in the search box above.
    </Message>
  );
}
