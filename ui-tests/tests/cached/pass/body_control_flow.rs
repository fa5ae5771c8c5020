use cachestack::cached;

#[cached]
fn early(n: u64) -> u64 {
    if n == 0 {
        return 1;
    }
    let mut sum = 0;
    'outer: for i in 0.. {
        for j in 0..i {
            if i * j > n {
                break 'outer;
            }
            if j > n {
                continue 'outer;
            }
            sum += j;
        }
    }
    loop {
        sum += 1;
        if sum % 7 == 0 {
            break sum;
        }
    }
}

#[cached]
async fn question(text: &str) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    let n: u64 = text.parse()?;
    let later = async { n + 1 };
    Ok(later.await)
}

#[cached]
fn maybe(text: &str) -> Option<char> {
    let first = text.chars().next()?;
    Some(first)
}

#[cached]
fn recursive(n: u64) -> u64 {
    if n < 2 {
        n
    } else {
        recursive(n - 1) + recursive::uncached(n - 2)
    }
}

#[tokio::test]
async fn works() {
    assert_eq!(early(0), 1);
    early(5);
    assert_eq!(question("7").await.unwrap(), 8);
    assert!(question("x").await.is_err());
    assert_eq!(maybe("abc"), Some('a'));
    assert_eq!(recursive(10), 55);
}
